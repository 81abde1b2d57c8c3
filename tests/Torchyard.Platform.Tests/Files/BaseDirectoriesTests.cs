using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

public sealed class BaseDirectoriesTests
{
    [Fact]
    public void Without_variables_they_are_those_of_the_specification()
    {
        var directories = Of([]);

        Assert.Equal(
            ["/home/me/.local/share", "/home/me/.config", "/home/me/.local/state", "/home/me/.cache", "/etc/xdg"],
            All(directories)
        );
    }

    [Fact]
    public void A_variable_with_an_absolute_path_wins()
    {
        var directories = Of(
            new()
            {
                ["XDG_DATA_HOME"] = "/d",
                ["XDG_CACHE_HOME"] = "/c",
                ["XDG_CONFIG_DIRS"] = "/one:/two",
            }
        );

        Assert.Equal(["/d", "/home/me/.config", "/home/me/.local/state", "/c", "/one", "/two"], All(directories));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("relative/path")]
    [InlineData("~/data")]
    public void One_that_is_not_absolute_is_ignored(string path)
    {
        var directories = Of(
            new()
            {
                ["XDG_DATA_HOME"] = path,
                ["XDG_CONFIG_HOME"] = path,
                ["XDG_STATE_HOME"] = path,
                ["XDG_CACHE_HOME"] = path,
                ["XDG_CONFIG_DIRS"] = path + ":",
            }
        );

        Assert.Equal(All(Of([])), All(directories));
    }

    private static BaseDirectories Of(Dictionary<string, string> variables) => BaseDirectories.Of(variables.GetValueOrDefault, "/home/me");

    private static IEnumerable<string> All(BaseDirectories directories) =>
        [directories.Data, directories.Settings, directories.State, directories.Cache, .. directories.MachineSettings];
}
