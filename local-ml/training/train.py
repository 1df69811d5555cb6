#!/usr/bin/python3
"""Trains the region network: train.py DATA OUT.pt STEPS [FROM.pt]. One thread, fixed steps, the last weights (their running mean) count."""
