"""The task folders themselves; host.py says where they lie."""
