"""The diary server: ingest, log, diary, and the pages over them."""
