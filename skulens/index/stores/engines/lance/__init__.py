"""A store in a folder, by LanceDB: the default.

    DIR/store.json        columns, their names in the table, snapshots
    DIR/journal.jsonl     what was acknowledged: versions, sizes and checksums of files
    DIR/products.lance/   the table, as LanceDB keeps it
    DIR/snapshots/NAME/   files of a named version, linked

`store` is the door; `layout` says how documents become rows, `folder` keeps store.json, `journal`
makes commits survive a power failure, `keep` holds snapshots, `watch` sees new versions, `view` reads
one, `find` searches it, `upkeep` says when indexes are brought up to date, `failures` turns the
engine's errors into ours.
"""
