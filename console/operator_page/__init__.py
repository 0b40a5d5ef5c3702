"""The page operators open in a browser: what `lunas status` shows, and which command does what. It changes nothing."""
