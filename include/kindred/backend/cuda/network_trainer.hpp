#pragma once

#include <kindred/backend/cuda/layer_bodies.hpp>
#include <kindred/backend/cuda/matrix_product.hpp>
#include <kindred/backend/cuda/network_sizes.hpp>
#include <kindred/backend/cuda/network_upload.hpp>
#include <kindred/backend/cuda/rows_view.hpp>
#include <kindred/backend/cuda/step_bodies.hpp>
#include <kindred/backend/cuda/table_bodies.hpp>
#include <kindred/backend/network_kernels.hpp>
#include <kindred/backend/network_plan.hpp>
#include <kindred/kernel/activation_function.hpp>
#include <kindred/kernel/thinning.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::gpu {

/// The steps of a network, in terms of what a `Device` can do, all of it in the order in which it
/// is asked for, and without waiting:
///
///   typename Device::template array<T>   memory of its own, as device_array
///   device.for_each(count, body)         body(0) ... body(count - 1), in any order
///   device.zero(numbers, count)
///   device.multiply(matrix_product)
///   device.open()       a block of host memory of the bytes that the device was made with
///   device.send(bytes)  copies so many of it to the device; returns where they are there
///   device.close()      nothing that comes later needs them
///   device.synchronize()  waits
///
/// Sums are added up in a fixed order: the same bits from the same kind of device.
template <class Device>
class network_trainer {
 public:
  /// `device` must outlive it.
  network_trainer(Device& device, const network_problem& problem)
      : network_trainer(device, problem, network_sizes(problem)) {}

  void write(const network_numbers<const float>& from) {
    device_.synchronize();
    parameters_.write(from.parameters);
    parameters_a_.write(from.parameters_a);
    parameters_b_.write(from.parameters_b);
    table_.write(from.table);
    table_a_.write(from.table_a);
    table_b_.write(from.table_b);
  }
  void read(const network_numbers<float>& to) const {
    device_.synchronize();
    parameters_.read(to.parameters);
    parameters_a_.read(to.parameters_a);
    parameters_b_.read(to.parameters_b);
    table_.read(to.table);
    table_a_.read(to.table_a);
    table_b_.read(to.table_b);
  }

  void step(const network_batch& batch, const network_step& step) {
    const std::size_t bytes = packer_.pack(batch, device_.open());
    batch_ = packer_.at(device_.send(bytes));
    forward();
    std::visit([&](const auto& loss) { judge(loss); }, problem_.loss);
    backward();
    update(step);
    device_.close();
  }

  [[nodiscard]] network_sums finish() {
    device_.synchronize();
    std::vector<network_sums> parts(sums_.size());
    sums_.read(parts);
    sums_.zero();
    network_sums all;
    for (const network_sums& part : parts) {
      all.loss += part.loss;
      all.weight += part.weight;
      all.squared_error += part.squared_error;
      all.count += part.count;
    }
    return all;
  }

 private:
  template <class T>
  using array = typename Device::template array<T>;

  network_trainer(Device& device, const network_problem& problem, const network_sizes& sizes)
      : device_(device),
        problem_(problem),
        parameters_(problem.plan.parameters, "parameters"),
        parameters_a_(sizes.state > 0 ? problem.plan.parameters : 0, "state of the optimizer"),
        parameters_b_(sizes.state > 1 ? problem.plan.parameters : 0, "state of the optimizer"),
        gradients_(problem.plan.parameters, "gradients"),
        table_(sizes.table, "an embedding table"),
        table_a_(sizes.state > 0 ? sizes.table : 0, "state of the optimizer"),
        table_b_(sizes.state > 1 ? sizes.table : 0, "state of the optimizer"),
        row_parts_(sizes.parts * problem.plan.row_stride, "gradients of embeddings"),
        row_gradients_(sizes.rows * problem.plan.row_stride, "gradients of embeddings"),
        bias_parts_(parts_of(problem.samples, rows_of_part) * sizes.widest, "gradients"),
        squares_(sizes.squares, "a norm"),
        scale_(1, "a norm"),
        sums_(parts_of(problem.samples, samples_of_part), "losses"),
        input_column_(problem.plan.input_column.size(), "a plan"),
        is_weight_(problem.plan.is_weight.size(), "a plan") {
    for (const std::size_t stride : problem.plan.strides)
      for (auto* const matrices : {&values_, &value_gradients_})
        matrices->emplace_back(problem.samples * stride, "a batch").zero();
    gradients_.zero();
    sums_.zero();
    input_column_.write(problem.plan.input_column);
    is_weight_.write(problem.plan.is_weight);
  }

  [[nodiscard]] std::size_t stride(const plan_view& of) const noexcept {
    return problem_.plan.strides[of.matrix];
  }
  [[nodiscard]] rows_view values(const plan_view& of) const noexcept {
    return {values_[of.matrix].data() + of.first, stride(of)};
  }
  [[nodiscard]] rows_view gradients(const plan_view& of) const noexcept {
    return {value_gradients_[of.matrix].data() + of.first, stride(of)};
  }
  [[nodiscard]] product_factor factor(const dense_plan& layer,
                                      bool transposed = false) const noexcept {
    return {parameters_.data() + layer.weights, layer.stride, transposed};
  }
  [[nodiscard]] static product_factor factor(const rows_view& rows,
                                             bool transposed = false) noexcept {
    return {rows.data, rows.stride, transposed};
  }
  [[nodiscard]] table_view table() const noexcept {
    return {table_.data(), problem_.plan.row_stride, input_column_.data(), batch_.slots};
  }
  /// Branches may read the same of the input, and then its gradient is the sum of theirs.
  [[nodiscard]] static bool is_shared(const plan_view& of) noexcept { return of.matrix == 0; }

  void forward() {
    const rows_view inputs = values({});
    device_.zero(inputs.data, batch_.samples * inputs.stride);
    device_.for_each(batch_.samples * table().stride,
                     gather_inputs{table(), batch_.reads, batch_.ends, inputs});
    for (const plan_step& step : problem_.plan.steps)
      std::visit([&](const auto& one) { forward(one); }, step);
  }

  void forward(const dense_plan& layer) {
    const rows_view sums = values(layer.sums);
    const bool rectified = layer.function == kernel::activation::relu;
    device_.multiply({.rows = batch_.samples,
                      .columns = layer.stride,
                      .depth = layer.in.columns,
                      .a = factor(values(layer.in)),
                      .b = factor(layer),
                      .c = sums.data,
                      .c_stride = sums.stride,
                      .bias = layer.has_bias ? parameters_.data() + layer.bias : nullptr,
                      .rectified = rectified});
    if (!rectified && layer.function != kernel::activation::linear)
      device_.for_each(
          batch_.samples * layer.stride,
          activate_rows{layer.function, layer.out.columns, layer.stride, sums, values(layer.out)});
  }
  void forward(const dropout_plan& layer) { thin(layer, values(layer.in), values(layer.out)); }
  void forward(const total_plan& layer) {
    device_.for_each(batch_.samples, total_rows{layer.in.columns, parameters_.data() + layer.bias,
                                                values(layer.in), values(layer.out)});
  }
  void forward(const halves_plan& layer) {
    device_.for_each(batch_.samples * layer.out.columns,
                     multiply_halves{layer.out.columns, values(layer.in), values(layer.out)});
  }
  void forward(const pairs_plan& layer) {
    device_.for_each(batch_.samples, total_pairs{layer.fields, layer.in.columns / layer.fields,
                                                 values(layer.in), values(layer.out)});
  }
  void forward(const copy_plan& step) {
    copy(step.in.columns, step.adds, false, values(step.in), values(step.out));
  }

  template <class Loss>
  void judge(const Loss& loss) {
    device_.for_each(parts_of(batch_.samples, samples_of_part),
                     judge_outputs<Loss>{loss, problem_.center, batch_.samples, batch_.targets,
                                         batch_.weights, values(problem_.plan.result),
                                         gradients(problem_.plan.result), sums_.data()});
  }

  void backward() {
    const rows_view inputs = gradients({});
    device_.zero(inputs.data, batch_.samples * inputs.stride);
    for (std::size_t k = problem_.plan.steps.size(); k-- > 0;)
      std::visit([&](const auto& one) { backward(one); }, problem_.plan.steps[k]);
    device_.for_each(
        batch_.parts * table().stride,
        scatter_parts{table(), batch_.reads_of_row, batch_.part_begins, inputs, row_parts_.data()});
    device_.for_each(
        batch_.rows * table().stride,
        add_up_rows{row_parts_.data(), batch_.first_part, table().stride, row_gradients_.data()});
  }

  void backward(const dense_plan& layer) {
    const rows_view d_out = gradients(layer.out);
    const rows_view d_in = gradients(layer.in);
    const bool by_input = layer.function == kernel::activation::gelu;
    derive(layer.function, layer.stride, values(by_input ? layer.sums : layer.out), d_out,
           layer.has_bias ? gradients_.data() + layer.bias : nullptr);
    device_.multiply({.rows = layer.in.columns,
                      .columns = layer.stride,
                      .depth = batch_.samples,
                      .a = factor(values(layer.in), true),
                      .b = factor(d_out),
                      .c = gradients_.data() + layer.weights,
                      .c_stride = layer.stride});
    device_.multiply({.rows = batch_.samples,
                      .columns = layer.in.columns,
                      .depth = layer.stride,
                      .a = factor(d_out),
                      .b = factor(layer, true),
                      .c = d_in.data,
                      .c_stride = d_in.stride,
                      .adds = is_shared(layer.in)});
  }
  void backward(const dropout_plan& layer) {
    thin(layer, gradients(layer.out), gradients(layer.in));
  }
  void backward(const total_plan& layer) {
    const rows_view d_out = gradients(layer.out);
    derive(kernel::activation::linear, 1, values(layer.out), d_out, gradients_.data() + layer.bias);
    copy(layer.in.columns, is_shared(layer.in), true, d_out, gradients(layer.in));
  }
  void backward(const halves_plan& layer) {
    device_.for_each(batch_.samples * layer.out.columns,
                     derive_halves{layer.out.columns, is_shared(layer.in), values(layer.in),
                                   gradients(layer.out), gradients(layer.in)});
  }
  void backward(const pairs_plan& layer) {
    const std::size_t dimensions = layer.in.columns / layer.fields;
    device_.for_each(batch_.samples * dimensions,
                     derive_pairs{layer.fields, dimensions, is_shared(layer.in), values(layer.in),
                                  gradients(layer.out), gradients(layer.in)});
  }
  void backward(const copy_plan& step) {
    copy(step.in.columns, is_shared(step.in), false, gradients(step.out), gradients(step.in));
  }

  /// `bias` is where the gradient of a bias goes, if there is one.
  void derive(kernel::activation function, std::size_t width, const rows_view& at,
              const rows_view& d_out, float* bias) {
    const std::size_t parts = parts_of(batch_.samples, rows_of_part);
    device_.for_each(parts * width,
                     derive_rows{function, width, batch_.samples, at, d_out, bias_parts_.data()});
    if (bias != nullptr)
      device_.for_each(width, add_up_parts{bias_parts_.data(), parts, width, bias});
  }
  void thin(const dropout_plan& layer, const rows_view& from, const rows_view& to) {
    const std::size_t width = stride(layer.in);
    device_.for_each(
        batch_.samples * width / kernel::thinning::at_once,
        thin_rows{{problem_.seed, layer.stream, layer.rate}, batch_.first_sample, width, from, to});
  }
  void copy(std::size_t columns, bool adds, bool spread, const rows_view& from,
            const rows_view& to) {
    device_.for_each(batch_.samples * columns, copy_columns{columns, adds, spread, from, to});
  }

  void update(const network_step& step) {
    const float* const scale = std::isfinite(step.max_norm) ? scale_to(step.max_norm) : nullptr;
    device_.for_each(
        problem_.plan.parameters,
        step_parameters{problem_.rule,
                        step.parameters,
                        scale,
                        gradients_.data(),
                        is_weight_.data(),
                        {parameters_.data(), parameters_a_.data(), parameters_b_.data()}});
    device_.for_each(batch_.rows * table().stride,
                     step_rows{problem_.rule,
                               step.rows,
                               scale,
                               row_gradients_.data(),
                               table(),
                               {table_.data(), table_a_.data(), table_b_.data()}});
  }

  /// Where the device has what gradients are multiplied by.
  [[nodiscard]] const float* scale_to(double max_norm) {
    const std::size_t of_rows = batch_.rows * table().stride;
    const std::size_t first = parts_of(problem_.plan.parameters, squares_of_part);
    const std::size_t others = parts_of(of_rows, squares_of_part);
    device_.for_each(first,
                     square_parts{gradients_.data(), problem_.plan.parameters, squares_.data()});
    device_.for_each(others, square_parts{row_gradients_.data(), of_rows, squares_.data() + first});
    device_.for_each(1, bound_norm{squares_.data(), first + others, max_norm, scale_.data()});
    return scale_.data();
  }

  Device& device_;
  network_problem problem_;
  array<float> parameters_;
  array<float> parameters_a_;
  array<float> parameters_b_;
  array<float> gradients_;
  array<float> table_;
  array<float> table_a_;
  array<float> table_b_;
  array<float> row_parts_;
  array<float> row_gradients_;
  array<float> bias_parts_;
  array<double> squares_;
  array<float> scale_;
  array<network_sums> sums_;
  array<std::int32_t> input_column_;
  array<std::uint8_t> is_weight_;
  std::vector<array<float>> values_;  ///< of each matrix of the plan
  std::vector<array<float>> value_gradients_;
  batch_packer packer_;
  uploaded_batch batch_;
};

}  // namespace kindred::gpu
