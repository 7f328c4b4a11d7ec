"""The projection of stored records to a work diary."""
