#include <vector>
#include "shape.hpp"

namespace geo {

// Something with an area.
template <typename T>
class Shape : public Base<T> {
 public:
  explicit Shape(T size) : size_(size) {}
  virtual ~Shape() = default;
  virtual T area() const = 0;
  T &scale(T by) { size_ *= by; return size_; }

 private:
  T size_;
  static constexpr int kSides = 4;
};

using Point = std::pair<double, double>;

struct Circle final : Shape<double> {
  double area() const override;
  bool operator==(const Circle &other) const { return this == &other; }
};

double Circle::area() const {
  // agent: use the constant from numbers
  auto text = R"(// agent: no comment)";
  return 3.14 * size_ * size_;
}

std::vector<Point> corners(const Circle &circle);

inline int count = 0;

}  // namespace geo

int main() { return geo::corners({}).size(); }
