"""A finished model behind HTTP, predicted by numpy alone: nothing here imports torch.

app       `make_app`: the routes
predict   POST /predict: a body in, an answer out
parse     bodies to rows, and the reasons why not
shelf     the model that answers now, and its exchange for a newer one
metrics   counters in Prometheus' text
key       the API key
schema    what OpenAPI says of POST /predict
page      the same for people, as HTML
listen    sockets
server    uvicorn, and how it ends
workers   several processes that serve together

Bodies of bounded size and refusals are in `linnet.web`.
"""
