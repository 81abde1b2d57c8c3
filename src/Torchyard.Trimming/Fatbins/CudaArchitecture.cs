using System.Globalization;
using Torchyard.Platform.Errors;
using Torchyard.Trimming.Errors;

namespace Torchyard.Trimming.Fatbins;

/// <summary>A GPU architecture as a target: the compute capability of a chip.</summary>
/// <param name="Major">9 of 9.0.</param>
/// <param name="Minor">0 of 9.0.</param>
public readonly record struct CudaArchitecture(int Major, int Minor) : IComparable<CudaArchitecture>
{
    /// <summary>90 for 9.0, as NVIDIA's tools write it.</summary>
    public int Number => (Major * 10) + Minor;

    /// <summary>Reads <c>sm_90</c>, <c>sm_90a</c> (the same chip) or <c>9.0</c>.</summary>
    /// <exception cref="TorchyardException">TY3081: it is something else.</exception>
    public static CudaArchitecture Parse(string text) =>
        TryParse(text, out var architecture) ? architecture : throw TrimErrors.Architecture(text);

    /// <summary>As <see cref="Parse"/>; false for something else.</summary>
    public static bool TryParse(string text, out CudaArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(text);
        architecture = default;
        if (text.StartsWith("sm_", StringComparison.OrdinalIgnoreCase))
        {
            var digits = text.AsSpan(3).TrimEnd("af");
            return digits.Length is 2 or 3
                && text.Length - 3 - digits.Length <= 1
                && TryNumber(digits[..^1], out var major)
                && TryNumber(digits[^1..], out var minor)
                && Made(major, minor, out architecture);
        }

        var dot = text.IndexOf('.', StringComparison.Ordinal);
        return dot > 0
            && TryNumber(text.AsSpan(0, dot), out var first)
            && TryNumber(text.AsSpan(dot + 1), out var second)
            && text.Length - dot == 2
            && Made(first, second, out architecture);
    }

    /// <inheritdoc />
    public int CompareTo(CudaArchitecture other) => Number.CompareTo(other.Number);

    /// <summary><c>sm_90</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"sm_{Number}");

    /// <summary>True when the first is older.</summary>
    public static bool operator <(CudaArchitecture left, CudaArchitecture right) => left.CompareTo(right) < 0;

    /// <summary>True when the first is newer.</summary>
    public static bool operator >(CudaArchitecture left, CudaArchitecture right) => left.CompareTo(right) > 0;

    /// <summary>True when the first is not newer.</summary>
    public static bool operator <=(CudaArchitecture left, CudaArchitecture right) => left.CompareTo(right) <= 0;

    /// <summary>True when the first is not older.</summary>
    public static bool operator >=(CudaArchitecture left, CudaArchitecture right) => left.CompareTo(right) >= 0;

    private static bool TryNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < 100;

    private static bool Made(int major, int minor, out CudaArchitecture architecture)
    {
        architecture = new CudaArchitecture(major, minor);
        return major > 0;
    }
}
