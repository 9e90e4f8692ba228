"""What the service and the lab share: connections and bodies that are bounded, and refusals that say why.

connection  heads with a deadline and bounds; plain answers to offers of another protocol
places      which connections stay where there are too many
crowd       what is answered then
body        a request's body, of bounded size and time
refusal     why a request is not answered
"""
