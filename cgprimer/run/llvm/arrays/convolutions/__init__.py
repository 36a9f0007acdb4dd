"""Convolutions of images with samples last as LLVM text: vectors along samples.

    Convolution (sizes, kind) ─ convolution_text ─▶ body of a function of %a, %b, %c, …

    forward   z[o,u,v] = Σ x[c, u·s + p - d, v·s + q - d]·k[o,c,p,q]
    data      its adjoint by x        kernel    by k, summed over samples

All sizes are constants. What decides the speed is that sums stay in registers: of
several output channels (forward), input channels (data), or places of the kernel times
output channels (kernel), so that one number that is read serves several products.
"""

from cgprimer.run.llvm.arrays.array_emitter import ArrayEmitter
from cgprimer.run.llvm.arrays.convolutions.by_data import DataWriter
from cgprimer.run.llvm.arrays.convolutions.by_kernel import KernelWriter
from cgprimer.run.llvm.arrays.convolutions.forward import ForwardWriter
from cgprimer.run.llvm.arrays.convolutions.writer import ConvolutionWriter
from cgprimer.run.llvm.arrays.steps import Convolution
from cgprimer.run.llvm.lanes import NumberType

WRITERS: dict[str, type[ConvolutionWriter]] = {
    "forward": ForwardWriter, "data": DataWriter, "kernel": KernelWriter,
}  # fmt: skip


def convolution_text(step: Convolution, real: NumberType) -> ArrayEmitter:
    """The body of the function of a convolution, or of an adjoint of one."""
    writer = WRITERS[step.kind](step, real)
    writer.write()
    return writer.e
