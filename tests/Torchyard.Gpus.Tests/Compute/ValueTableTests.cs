using Torchyard.Gpus.Compute;
using Torchyard.Gpus.CublasLt;

namespace Torchyard.Gpus.Tests.Compute;

public sealed class ValueTableTests
{
    [Theory]
    [InlineData(0x00, 0.0)]
    [InlineData(0x01, 0.001953125)]
    [InlineData(0x08, 0.015625)]
    [InlineData(0x38, 1.0)]
    [InlineData(0x7e, 448.0)]
    [InlineData(0xb8, -1.0)]
    public void E4M3_codes_have_the_values_of_the_specification(int code, double value) =>
        Assert.Equal(value, SmallFloats.FromE4M3((byte)code));

    [Theory]
    [InlineData(0x01, 1.52587890625e-05)]
    [InlineData(0x04, 6.103515625e-05)]
    [InlineData(0x3c, 1.0)]
    [InlineData(0x7b, 57344.0)]
    [InlineData(0x7c, double.PositiveInfinity)]
    public void E5M2_codes_have_the_values_of_the_specification(int code, double value) =>
        Assert.Equal(value, SmallFloats.FromE5M2((byte)code));

    [Fact]
    public void Every_finite_small_float_is_its_own_nearest_code()
    {
        for (var code = 1; code < 256; code++)
        {
            if (SmallFloats.FromE4M3((byte)code) is var a && double.IsFinite(a) && a != 0)
            {
                Assert.Equal(code, SmallFloats.Nearest(a, SmallFloats.FromE4M3));
            }

            if (SmallFloats.FromE5M2((byte)code) is var b && double.IsFinite(b) && b != 0)
            {
                Assert.Equal(code, SmallFloats.Nearest(b, SmallFloats.FromE5M2));
            }
        }
    }

    [Fact]
    public void Float_tables_have_the_moments_of_the_normal_distribution()
    {
        var exact = ValueTable.For(CudaDataType.Float64).Exact;
        Assert.InRange(exact.Average(), -1e-9, 1e-9);
        Assert.InRange(exact.Average(v => v * v), 0.995, 1.0);
        Assert.InRange(exact.Max(), 3.4, 3.8);
    }

    [Fact]
    public void The_encoded_bytes_are_the_exact_values()
    {
        foreach (var type in (CudaDataType[])[CudaDataType.Float64, CudaDataType.Float32, CudaDataType.Float16, CudaDataType.Int8])
        {
            var table = ValueTable.For(type);
            for (var i = 0; i < ValueTable.Count; i++)
            {
                var bytes = table.Encoded.AsSpan(i * table.ElementBytes);
                var value = type switch
                {
                    CudaDataType.Float64 => BitConverter.ToDouble(bytes),
                    CudaDataType.Float32 => BitConverter.ToSingle(bytes),
                    CudaDataType.Float16 => (double)BitConverter.ToHalf(bytes),
                    _ => (sbyte)bytes[0],
                };
                Assert.Equal(table.Exact[i], value);
            }
        }
    }

    [Fact]
    public void The_index_of_an_element_is_murmurs_finaliser()
    {
        // fmix32 of MurmurHash3 for 1 is 0x514E28B7, for 0xFFFFFFFF it is 0x81F16F39.
        Assert.Equal(0x514e28b7 & 4095, ValueTable.IndexOf(0, 1));
        Assert.Equal((int)(0x81f16f39 & 4095), ValueTable.IndexOf(0xfffffffe, 1));
    }
}
