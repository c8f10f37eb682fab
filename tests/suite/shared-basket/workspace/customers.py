class Customer:
    def __init__(self, name, basket=[]):
        self.name = name
        self.basket = basket

    def add(self, item):
        self.basket.append(item)
