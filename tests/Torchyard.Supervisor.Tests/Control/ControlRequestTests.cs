using System.Text;
using CsCheck;
using Torchyard.Supervisor.Control;

namespace Torchyard.Supervisor.Tests.Control;

public sealed class ControlRequestTests
{
    [Fact]
    public void A_request_is_read_with_its_defaults()
    {
        Assert.Equal(new ControlRequest("status", null, 100, false), ControlRequest.Parse("""{"op":"status"}"""u8.ToArray(), out _));
        Assert.Equal(
            new ControlRequest("logs", "ssh", 10_000, true),
            ControlRequest.Parse("""{"op":"logs","service":"ssh","lines":99999999,"follow":true}"""u8.ToArray(), out _)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"op":1}""")]
    [InlineData("""{"op":"\ud800"}""")]
    [InlineData("[[[[[[[[[[[[1]]]]]]]]]]]]")]
    public void Anything_else_is_refused_with_a_reason(string line)
    {
        Assert.Null(ControlRequest.Parse(Encoding.UTF8.GetBytes(line), out var error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void No_bytes_at_all_can_do_harm() =>
        Gen.Byte.Array[0, 200].Sample(line => ControlRequest.Parse(line, out var error) is not null || error.Length > 0);
}
