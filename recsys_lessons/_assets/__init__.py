"""The rooms behind `assets.py`: what is registered, how it is fetched, converted and stored."""
