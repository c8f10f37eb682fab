from shop.app import Basket, receipt, tax

__all__ = ["Basket", "receipt", "tax"]
