"""Side information: what can be known about relations and entities beyond their names."""
