using System.Text;
using Torchyard.Supervisor.Probes;

namespace Torchyard.Supervisor.Tests.Probes;

public sealed class ProbeTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n", true)]
    [InlineData("HTTP/1.0 302", true)]
    [InlineData("HTTP/1.1 403 Forbidden", true)]
    [InlineData("HTTP/1.1 500 Oops", false)]
    [InlineData("HTTP/1.1 20", false)]
    [InlineData("SSH-2.0-OpenSSH_10.0", false)]
    [InlineData("", false)]
    public void An_answer_below_500_is_good(string answer, bool isGood) =>
        Assert.Equal(isGood, Probe.IsGoodAnswer(Encoding.ASCII.GetBytes(answer)));
}
