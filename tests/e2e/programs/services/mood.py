"""How the moody service feels."""

STATUS = 200
