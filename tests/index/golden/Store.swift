import Foundation
import class UIKit.UIView

let limit = 100

/// Something that keeps values.
protocol Store {
    associatedtype Value
    func load(_ key: String) -> Value?
}

enum Failure: Error {
    case missing(String)
    case full
}

// agent: write to disk
final class MemoryStore: Store {
    private var values: [String: Int] = [:]

    init(values: [String: Int] = [:]) {
        self.values = values
    }

    func load(_ key: String) -> Int? {
        return values[key]
    }
}

struct Point { var x: Int; let y: Int }

extension Point {
    func distance(to other: Point) -> Double {
        return hypot(Double(x - other.x), Double(y - other.y))
    }
}

typealias Names = [String]

func makeStore() -> MemoryStore { MemoryStore() }
