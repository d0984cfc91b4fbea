"""Socket shapes: what stands behind the core, as Protocols only.

`storage` carries documents, events and jobs; `search` finds ids by tokens; `keys` wraps
keys; `blobs` keeps bytes by their SHA-256; `sms` and `translation` speak to vendors;
`http` is the one door to the network; `event_files` takes events away; `clock` tells the
time and makes ids.
"""
