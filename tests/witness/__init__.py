"""An independent witness: sends webhooks, writes down what it sent and what was answered, and judges afterwards.

Nothing here imports anything of the program: a mistake that both sides share would go unseen.
"""
