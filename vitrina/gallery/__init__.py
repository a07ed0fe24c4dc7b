"""The store of pictures: who said what of which file, kept so that nothing acknowledged is lost."""
