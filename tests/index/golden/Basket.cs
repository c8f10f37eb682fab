using System;
using System.Collections.Generic;
using Shop.Pricing;

namespace Shop.Orders;

/// <summary>What a basket can do.</summary>
public interface IBasket
{
    decimal Total { get; }
    void Add(Item item);
}

public record Item(string Sku, decimal Price);

public enum State { Open, Paid }

// Holds items until they are paid.
[Serializable]
public class Basket : IBasket
{
    private const int MaxItems = 100;
    private readonly List<Item> _items = new();

    public event EventHandler? Changed;

    public decimal Total => Discount.Apply(Sum(_items));

    public Basket(IEnumerable<Item> items) { _items.AddRange(items); }

    // agent: refuse items without a price
    public void Add(Item item)
    {
        if (_items.Count >= MaxItems) throw new InvalidOperationException("too many");
        _items.Add(item);
        Changed?.Invoke(this, EventArgs.Empty);
    }

    private static decimal Sum(List<Item> items)
    {
        var total = 0m;
        foreach (var item in items) total += item.Price;
        return total;
    }

    public struct Line { public int Count; }
}
