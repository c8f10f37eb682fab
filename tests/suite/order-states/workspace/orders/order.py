class Order:
    def __init__(self, number):
        self.number = number
        self.state = "new"
        self.paid = 0
