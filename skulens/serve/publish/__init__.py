"""A store as a folder of files that any static host serves: search by photo without a server of ours."""
