"""Mining hypernyms: what sentences say is a kind of what (`hearst`), and what all of it together says (`ranking`)."""
