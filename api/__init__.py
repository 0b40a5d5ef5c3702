"""The door for our applications: reads and checkout behind one key."""
