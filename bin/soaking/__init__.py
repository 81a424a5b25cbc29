"""The soak: a load, the blows that fall on the portal meanwhile, and what must hold afterwards."""
