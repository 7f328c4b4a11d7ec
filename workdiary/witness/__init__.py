"""A witness of transparency logs (c2sp.org/tlog-witness): it has its own key and state and trusts nobody."""
