package shop.text

import scala.collection.mutable
import shop.model.{Token, Tree => Node}

/** What can go wrong. */
sealed trait Problem

case class Missing(what: String) extends Problem

object Parser {
  val Limit = 100
  type Result = Either[Problem, Node]

  // agent: report the column
  def parse(text: String): Result = {
    val tokens = tokenize(text)
    if (tokens.size > Limit) Left(Missing("end")) else Right(Node(tokens))
  }

  private def tokenize(text: String): List[Token] =
    text.split(" ").map(Token(_)).toList
}

class Reader(source: String) {
  var position = 0
  def next(): Char = source.charAt(position)
}

enum Color:
  case Red, Green
