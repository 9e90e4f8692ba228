"""A finished model behind HTTP, predicted by numpy alone: nothing here imports torch.

app       `make_app`: the routes
predict   POST /predict: a body in, an answer out
arrived   a body that has arrived, and its rows
media     what a body is, and what the query says of it
form      bodies of multipart/form-data
npy       rows of an .npy file
parse     other bodies to rows, and the reasons why not
shelf     the model that answers now, and its exchange for a newer one
metrics   counters in Prometheus' text
key       the API key
origins   web pages of other sites that may ask
schema    what OpenAPI says of POST /predict
page      the same for people, as HTML
listen    sockets
server    uvicorn, and how it ends
workers   several processes that serve together

Connections and bodies of bounded size, and refusals, are in `linnet.web`.
"""
