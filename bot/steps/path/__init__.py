"""Whether packets arrive: asked through the API server, or by probe pods where these are allowed."""
