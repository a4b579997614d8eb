"""The reference pages, written from the program itself: each file here makes pages, `pages.py` lists them all."""
