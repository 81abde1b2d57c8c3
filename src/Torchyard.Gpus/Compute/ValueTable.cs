using System.Runtime.InteropServices;
using Torchyard.Gpus.CublasLt;

namespace Torchyard.Gpus.Compute;

/// <summary>
/// 4096 values of a number format, drawn from the standard normal distribution (integers: uniform), from which matrices are
/// generated on the GPU. Random data matters for speed too: constant operands draw less power and run faster than real ones.
/// </summary>
internal sealed class ValueTable
{
    public const int Count = 4096;

    private ValueTable(byte[] encoded, double[] exact, int elementBytes) => (Encoded, Exact, ElementBytes) = (encoded, exact, elementBytes);

    /// <summary>The values as the GPU stores them.</summary>
    public byte[] Encoded { get; }

    /// <summary>The same values, exactly.</summary>
    public double[] Exact { get; }

    public int ElementBytes { get; }

    public static ValueTable For(CudaDataType type)
    {
        var encoded = new byte[Count * SizeOf(type)];
        var exact = new double[Count];
        for (var i = 0; i < Count; i++)
        {
            var value = type == CudaDataType.Int8 ? (i % 255) - 127 : NormalQuantile((i + 0.5) / Count);
            var slot = encoded.AsSpan(i * SizeOf(type));
            exact[i] = Encode(type, value, slot);
        }

        return new ValueTable(encoded, exact, SizeOf(type));
    }

    /// <summary>Index of the value of element <paramref name="element"/> of a matrix with this seed; the kernels' mix32.</summary>
    public static int IndexOf(uint element, uint seed)
    {
        var x = element + seed;
        x ^= x >> 16;
        x *= 0x85ebca6b;
        x ^= x >> 13;
        x *= 0xc2b2ae35;
        x ^= x >> 16;
        return (int)(x & (Count - 1));
    }

    public static int SizeOf(CudaDataType type) =>
        type switch
        {
            CudaDataType.Float64 => 8,
            CudaDataType.Float32 or CudaDataType.Int32 => 4,
            CudaDataType.Float16 or CudaDataType.BFloat16 => 2,
            _ => 1,
        };

    private static double Encode(CudaDataType type, double value, Span<byte> slot)
    {
        switch (type)
        {
            case CudaDataType.Float64:
                MemoryMarshal.Write(slot, value);
                return value;
            case CudaDataType.Float32:
                MemoryMarshal.Write(slot, (float)value);
                return (float)value;
            case CudaDataType.Float16:
                MemoryMarshal.Write(slot, (Half)value);
                return (double)(Half)value;
            case CudaDataType.BFloat16:
                var bits = SmallFloats.ToBFloat16((float)value);
                MemoryMarshal.Write(slot, bits);
                return SmallFloats.FromBFloat16(bits);
            case CudaDataType.Float8E4M3:
                slot[0] = SmallFloats.Nearest(value, SmallFloats.FromE4M3);
                return SmallFloats.FromE4M3(slot[0]);
            case CudaDataType.Float8E5M2:
                slot[0] = SmallFloats.Nearest(value, SmallFloats.FromE5M2);
                return SmallFloats.FromE5M2(slot[0]);
            case CudaDataType.Int8:
                slot[0] = (byte)(sbyte)value;
                return value;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not an input type");
        }
    }

    /// <summary>
    /// Inverse of the normal distribution by bisection of its distribution function (Abramowitz and Stegun 7.1.26 is too coarse here).
    /// </summary>
    private static double NormalQuantile(double probability)
    {
        double low = -6,
            high = 6;
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (NormalBelow(middle) < probability)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return (low + high) / 2;
    }

    /// <summary>Normal distribution function by its power series, exact enough for |x| ≤ 6.</summary>
    private static double NormalBelow(double x)
    {
        double term = x,
            sum = x;
        for (var n = 1; n < 120 && Math.Abs(term) > 1e-18; n++)
        {
            term *= x * x / (2 * n + 1);
            sum += term;
        }

        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }
}
