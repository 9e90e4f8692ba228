"""A finished model behind HTTP, predicted by numpy alone: nothing here imports torch.

app       `make_app`: the routes
access    the API key, and the web pages of other sites that may ask
predict   POST /predict: a body in, an answer out
media     what a body is, what the query says of it, and the file in a form
parse     bodies to rows, and the reasons why not
reloader  the model that answers now, and its exchange for a newer one
metrics   counters in Prometheus' text
schema    OpenAPI's description of POST /predict
page      the same for people, as HTML
server    sockets and uvicorn, and how it ends
workers   several processes that serve together

Connections and bodies of bounded size, and refusals, are in `linnet.web`.
"""
