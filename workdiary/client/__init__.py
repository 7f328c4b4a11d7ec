"""The freelancer's side: capture, segment, sign, spool, upload, and the tracker that drives them."""
