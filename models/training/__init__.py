"""Training and evaluation of the predictors: a spectral simulator of colour negatives.

Not shipped. Put `models` on the path to import it as `training`.
"""
