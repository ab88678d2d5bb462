import os

TOKEN = os.environ["A_VARIABLE_NOBODY_SET"]
