"""The nets of the papers that keras.applications lacks: functions from pictures to features."""
