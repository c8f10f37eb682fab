package shop.cache

import java.time.Duration
import shop.model.Item as Thing

const val LIMIT = 100

/** Remembers what was loaded. */
interface Cache<K, V> {
    fun get(key: K): V?
}

data class Entry<V>(val value: V, val age: Duration)

enum class Mode { STRICT, LOOSE }

// agent: make it thread-safe
class MemoryCache<K, V>(private val limit: Int = LIMIT) : Cache<K, V> {
    private val entries = mutableMapOf<K, Entry<V>>()
    val size: Int get() = entries.size

    override fun get(key: K): V? = entries[key]?.value

    fun put(key: K, value: V) {
        if (entries.size >= limit) evict()
        entries[key] = Entry(value, Duration.ZERO)
    }

    companion object {
        fun empty(): MemoryCache<String, Thing> = MemoryCache()
    }
}

object Registry {
    fun find(name: String) = "cache $name"
}

typealias Strings = Cache<String, String>

fun String.trimmed(): String = trim()
