"""How near Film Emulate brings a photograph that was taken less well to the one taken well."""
