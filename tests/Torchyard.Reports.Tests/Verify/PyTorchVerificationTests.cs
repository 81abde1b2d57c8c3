using Torchyard.Reports.Verify;

namespace Torchyard.Reports.Tests.Verify;

public sealed class PyTorchVerificationTests
{
    [Fact]
    public void What_the_python_checks_print_is_read_and_noise_is_not()
    {
        const string output = """
            some library says hello
            {"name": "CUDA seen", "outcome": "passed", "detail": "1 GPU(s)", "seconds": 0.1, "gpu": null}
            {"name": "FP8 product", "outcome": "not_supported", "detail": "needs 8.9", "seconds": 0.0, "gpu": 0}
            """;
        var results = PyTorchVerification.Read(output, 0, "");
        Assert.Equal([(VerifyOutcome.Passed, (int?)null), (VerifyOutcome.NotSupported, 0)], results.Select(r => (r.Outcome, r.Gpu)));
        var broken = PyTorchVerification.Read("", 139, "Segmentation fault");
        Assert.Contains("139", Assert.Single(broken).Detail, StringComparison.Ordinal);
        Assert.False(VerifyVerdict.Of(broken).Good);
    }
}
