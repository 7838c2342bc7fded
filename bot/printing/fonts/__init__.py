"""The typefaces of the contact card; README.md says where they come from."""
