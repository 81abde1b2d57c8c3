using Torchyard.Images.Oci;

namespace Torchyard.Images.Comparing;

/// <summary>How a container of one image is started otherwise than one of another.</summary>
/// <param name="Name">The setting, as image-spec calls it; a variable with <c>Env</c> before it, such as <c>Env PATH</c>.</param>
/// <param name="Before">In the old image; null where it was not set.</param>
/// <param name="After">In the new image; null where it is not set.</param>
public sealed record SettingChange(string Name, string? Before, string? After)
{
    /// <summary>What differs, in the order of image-spec's config.md. Labels say who made an image and are not compared.</summary>
    public static IReadOnlyList<SettingChange> Between(ImageConfig before, ImageConfig after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var (old, now) = (Settings(before), Settings(after));
        return
        [
            .. old
                .Keys.Union(now.Keys, StringComparer.Ordinal)
                .Select(name => new SettingChange(name, old.GetValueOrDefault(name), now.GetValueOrDefault(name)))
                .Where(change => change.Before != change.After),
        ];
    }

    private static Dictionary<string, string> Settings(ImageConfig config)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        Set("User", config.User);
        Set("ExposedPorts", string.Join(' ', config.ExposedPorts.Order(StringComparer.Ordinal)));
        foreach (var variable in config.Env.Order(StringComparer.Ordinal))
        {
            var end = variable.IndexOf('=', StringComparison.Ordinal);
            settings[$"Env {(end < 0 ? variable : variable[..end])}"] = end < 0 ? "" : variable[(end + 1)..];
        }

        Set("Entrypoint", string.Join(' ', config.Entrypoint));
        Set("Cmd", string.Join(' ', config.Cmd));
        Set("Volumes", string.Join(' ', config.Volumes.Order(StringComparer.Ordinal)));
        Set("WorkingDir", config.WorkingDir);
        Set("StopSignal", config.StopSignal);
        return settings;

        void Set(string name, string value)
        {
            if (value.Length > 0)
            {
                settings[name] = value;
            }
        }
    }
}
