require "json"
require_relative "./money"

# Bookkeeping.
module Accounts
  LIMIT = 100

  # One book of entries.
  class Ledger < Base
    attr_reader :entries

    def initialize(entries = [])
      @entries = entries
    end

    # agent: round to cents
    def total(currency)
      @entries.sum { |entry| Money.convert(entry.amount, currency) }
    end

    def self.load(path)
      new(JSON.parse(File.read(path)))
    end

    def empty? = entries.empty?
  end
end
