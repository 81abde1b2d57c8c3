namespace Torchyard.Testing.Gpus;

/// <summary>What a vendor's header says, through a C program that prints it.</summary>
public static class CHeader
{
    /// <summary>Values of expressions.</summary>
    /// <param name="header">Full path of the header.</param>
    /// <param name="expressions">Integers: constants, sizes, offsets.</param>
    public static async Task<IReadOnlyList<long>> PrintAsync(string header, string[] expressions)
    {
        var lines = string.Join('\n', expressions.Select(e => $"printf(\"%ld\\n\", (long)({e}));"));
        var output = await CCompiler.RunAsync(
            $"#include <stddef.h>\n#include <stdio.h>\n#include \"{Path.GetFileName(header)}\"\nint main(void) {{\n{lines}\nreturn 0; }}\n",
            // Both include the half-precision headers, which need a C++ library of NVIDIA's; their guards keep them out.
            ["-I", Path.GetDirectoryName(header)!, "-D__CUDA_FP16_H__", "-D__CUDA_BF16_H__"]
        );
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];
    }
}
