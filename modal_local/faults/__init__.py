"""Faults to order: what is to go wrong with which call, and when. Knows neither wire nor state."""
