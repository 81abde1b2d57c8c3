using Torchyard.Fit.Data;

namespace Torchyard.Fit.Tests.Data;

public sealed class DriverTextTests
{
    private static readonly FitTables Tables = FitTables.Default;

    [Theory]
    [InlineData("535.183.01", 535, 183)]
    [InlineData("550.78", 550, 78)]
    [InlineData("575.64", 575, 64)]
    [InlineData("470.256.02", 470, 256)]
    [InlineData("570.124.06-server", 570, 124)]
    [InlineData("nvidia-driver-580.95.05-open", 580, 95)]
    [InlineData("570.133.20-0ubuntu1", 570, 133)]
    [InlineData(" R570.124 ", 570, 124)]
    [InlineData("615.71.09", 615, 71)]
    [InlineData("640.10.01", 640, 10)]
    public void A_driver_is_read_as_people_and_packages_write_it(string text, int branch, int second)
    {
        Assert.True(DriverText.TryParse(text, Tables, out var driver, out _));
        Assert.Equal((branch, second), (driver.Major, driver.Minor));
    }

    [Theory]
    [InlineData("570")]
    [InlineData("R570")]
    [InlineData("r570")]
    [InlineData("570-server")]
    [InlineData("nvidia-driver-570-server-open")]
    public void A_branch_counts_as_its_newest_driver_and_keeps_its_spelling(string text)
    {
        Assert.True(DriverText.TryParse(text, Tables, out var driver, out _));
        Assert.Equal("570", driver.ToString());
        Assert.True(driver > DottedVersion.Parse("570.211.01"));
        Assert.True(driver < DottedVersion.Parse("575"));
    }

    [Theory]
    [InlineData("12.8", "CUDA release", "branch 570")]
    [InlineData("13.0.2", "CUDA release", "branch 580")]
    [InlineData("12", "CUDA release", "branch 525")]
    [InlineData("572.83", "Windows", "570")]
    [InlineData("552.22", "Windows", "550")]
    [InlineData("566.36", "Windows", "565")]
    [InlineData("560.94", "Windows", "560")]
    [InlineData("616.92", "Windows", "615")]
    [InlineData("moon", "not a driver version", "535.183.01")]
    [InlineData("", "not a driver version", "535.183.01")]
    [InlineData("32.0.15.7283", "not a driver version", "535")]
    public void What_is_no_Linux_driver_is_recognised_and_said(string text, string what, string cure)
    {
        Assert.False(DriverText.TryParse(text, Tables, out _, out var problem));
        Assert.Contains(what, problem.Message, StringComparison.Ordinal);
        Assert.Contains(cure, problem.Cure, StringComparison.Ordinal);
    }
}
