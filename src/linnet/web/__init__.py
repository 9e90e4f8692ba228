"""HTTP for the service and the lab: bounded connections and bodies, secrets, and refusals with their reasons.

connection  heads with a deadline and bounds, plain answers to offers of another protocol, 503 to a crowd
places      which connections stay where there are too many
server      sockets that listen, and uvicorn's settings
body        a request's body, of bounded size and time
refusal     why a request is not answered; API keys and tokens
"""
