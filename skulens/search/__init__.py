"""Search of one's own catalogue: `indexing` fills a store, `shop` answers requests from it.

`request` says what is asked, `vectors` embeds it, `finding` finds and orders products, `explain` says
why; `systems` are the retrievers that suites measure, fused rankings and words on photos among them.
"""
