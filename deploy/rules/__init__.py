"""Recording rules and alerts in the forms that are not the chart's, from the chart's one source."""
