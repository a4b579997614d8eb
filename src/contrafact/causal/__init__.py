"""Causal questions: graphs, queries, what data can answer, and what they cannot. Nothing here imports torch.

`graph` and `query` are the nouns; `identify` decides by the rules of do-calculus whether a query can be answered from
data of a given kind; `implications` tests what a graph says about the data.
"""
